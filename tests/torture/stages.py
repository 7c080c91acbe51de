# SPDX-License-Identifier: Apache-2.0
"""Small stages of every kind, how they are started, and what they leave behind."""
import hashlib
import os
import pathlib
import random
import shutil
import signal
import struct
import subprocess
import time

IMAGES = "npy:in/images.npy,in/labels.npy"
STIMULI = "dead-leaves:40x36x64"
FIT = "fit in/scan.h5 --channels 4 --max-epochs 4 --out out/m.safetensors"
FOLDS = "fit in/scan.h5 --channels 4 --max-epochs 2 --folds 2 --out out/m.safetensors"
MODEL_PAGE = "report out/m.safetensors --out r.html"
HANG = 600  # seconds after which a process will not end

EXPERIMENT = f"""name = "tiny"
seeds = [0]
threads = 1
[recordings.mouse]
neurons = 12
images = 60
oracle-images = 6
repeats = 3
[models.mouse]
recording = "mouse"
channels = 4
max-epochs = 4
[targets.neural]
kind = "neural"
model = ["mouse"]
[train]
data = "{IMAGES}"
stimuli = "{STIMULI}"
width = 4
epochs = 2
batch = 16
pair-images = 4
checkpoint-seconds = 0
[conditions.none]
[conditions.neural]
target = "neural"
[evaluate]
data = "{IMAGES}"
noise = "gaussian:0.1"
attacks = "pgd:linf:2/255"
pgd-steps = 3
"""


class Stage:
    """One command; `inputs` are made before it, `readers` read what it wrote."""

    def __init__(self, name, command, readers=(), unread=()):
        self.name = name
        self.command = command.split(" ")
        self.readers = [reader.split(" ") for reader in readers] or [self.command]
        self.unread = unread  # what nothing reads again, by the ends of names
        self.whole = {}       # file -> hash, undisturbed
        self.seconds = 0.0
        self.calls = 0        # that change files
        self.address_space = 0


def stages():
    train = (f"train --data {IMAGES} --stimuli {STIMULI} --target in/S.npy --width 4 --epochs 2 --batch 16 "
             "--pair-images 4 --checkpoint-seconds 0 --out out/run")
    evaluate = f"evaluate in/run --data {IMAGES} --noise gaussian:0.1 --attacks"
    similarity = f"similarity --kind neural --model in/m.safetensors --stimuli {STIMULI}"
    return [
        Stage("simulate", "simulate --neurons 12 --images 60 --oracle-images 6 --repeats 3 --out out/scan.h5"),
        Stage("import", "import in/scan.h5 --out out/scan/", ["inspect out/scan"],
              unread=("config.json", "SHA256SUMS", "statistics/")),
        Stage("inspect", "inspect in/scan.h5 --out out/i.json"),
        Stage("fit", FIT, [FIT, MODEL_PAGE]),
        Stage("fit folds", FOLDS, [FOLDS, MODEL_PAGE]),
        Stage("predict", f"predict in/m.safetensors --stimuli {STIMULI} --out out/R.npy"),
        Stage("similarity", f"{similarity} --out out/S.npy",
              [f"{similarity} --out out/S.npy", "report out/S.npy --out r.html"]),
        Stage("similarity factor", f"{similarity} --factor --out out/S.npy",
              [f"{similarity} --factor --out out/S.npy", "report out/S.npy --out r.html"]),
        Stage("train", train, [train, f"evaluate out/run --data {IMAGES} --noise gaussian:0.1 --out e.json"],
              unread=("config.toml",)),
        Stage("evaluate", f"{evaluate} pgd:linf:2/255;fgsm --pgd-steps 3 --batch 20 --out out/e.json"),
        Stage("analyze", f"analyze in/run --data {IMAGES} --images 4 --attack-steps 5 --out out/a.json"),
        Stage("export onnx", "export in/run --out out/m.onnx"),
        Stage("export", "export in/run --out out/m.safetensors"),
        Stage("run", "run experiment.toml --out out", unread=("",)),
    ]


def write_npy(path, dtype, shape, values):
    header = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}".encode()
    header += b" " * (63 - (10 + len(header)) % 64) + b"\n"
    path.write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + values)


class Hung(Exception):
    """A process that did not end by itself."""

    def __init__(self, work, command):
        super().__init__(f"hung: no end after {HANG} s: {' '.join(command)}")
        self.work = work


class Bench:
    """Runs stages of one program in folders below one folder."""

    def __init__(self, murine, folder):
        self.murine = str(pathlib.Path(murine).resolve())
        self.folder = pathlib.Path(folder)
        self.inputs = self.folder / "inputs"
        self.number = 0
        self.running = []

    def environment(self, **more):
        return {**os.environ, "OMP_NUM_THREADS": "1", **more}

    def start(self, work, command, environment=None, **options):
        threads = [] if command[0] == "run" else ["--threads", "1"]  # an experiment's file says so
        process = subprocess.Popen([self.murine, *command, *threads], cwd=work, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE, text=True, errors="replace",
                                   env=environment or self.environment(), **options)
        process.work = work
        self.running = [each for each in self.running if each.poll() is None] + [process]
        return process

    def wait(self, process):
        """Until it ends: its status and its message; Hung where it does not."""
        try:
            message = process.communicate(timeout=HANG)[1]
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise Hung(process.work, process.args) from None
        return process.returncode, message

    def end(self):
        """Of a torture that was interrupted: what it started goes with it."""
        for process in self.running:
            if process.poll() is None:
                process.kill()

    def finish(self, work, command, environment=None, **options):
        return self.wait(self.start(work, command, environment, **options))

    def work(self, own_inputs=False):
        self.number += 1
        work = self.folder / f"work{self.number}"
        work.mkdir()
        (work / "experiment.toml").write_text(EXPERIMENT)
        if own_inputs:
            shutil.copytree(self.inputs, work / "in")
        else:
            (work / "in").symlink_to(self.inputs)
        return work

    def make_inputs(self):
        self.inputs.mkdir()
        draw = random.Random(5)
        labels = [i % 3 for i in range(150)]
        pixels = bytes(draw.randrange(60 * label + 1, 60 * label + 100) for label in labels for _ in range(144))
        write_npy(self.inputs / "images.npy", "|u1", (150, 12, 12), pixels)
        write_npy(self.inputs / "labels.npy", "<i8", (150,), b"".join(struct.pack("<q", x) for x in labels))
        named = {stage.name: stage for stage in stages()}
        for name in ("simulate", "fit", "similarity", "train"):
            work = self.work()
            status, message = self.finish(work, named[name].command)
            if status != 0:
                raise SystemExit(f"{name} fails by itself: {message}")
            for made in (work / "out").iterdir():
                shutil.move(made, self.inputs / made.name)
            shutil.rmtree(work)

    def undisturbed(self, stage, faults=None):
        """Runs a stage alone: its bytes, its time, and how often it changes files."""
        work = self.work()
        environment = self.environment()
        if faults:
            environment = self.environment(LD_PRELOAD=faults, FAULT_COUNT=str(work / "calls"),
                                           FAULT_UNDER=str(work / "out"))
        start = time.monotonic()
        process = self.start(work, stage.command, environment)
        while process.poll() is None:
            stage.address_space = max(stage.address_space, address_space(process.pid))
            time.sleep(0.02)
        message = process.stderr.read()
        stage.seconds = time.monotonic() - start
        if process.returncode != 0:
            raise SystemExit(f"{stage.name} fails by itself: {message}")
        stage.whole = listing(work / "out")
        if faults:
            stage.calls = int((work / "calls").read_text())
        shutil.rmtree(work)

    def compare(self, stage, work):
        """What differs from the undisturbed bytes; "" where nothing does."""
        found = listing(work / "out")
        differing = [name for name in sorted({*found, *stage.whole}) if found.get(name) != stage.whole.get(name)]
        return "differs: " + ", ".join(differing) if differing else ""

    def complete(self, stage, work):
        """The stage again, undisturbed: whether it ends in the same bytes."""
        status, message = self.finish(work, stage.command)
        return f"status {status}: {message[-300:]}" if status != 0 else self.compare(stage, work)


def listing(folder):
    """Hashes of all files but logs, which hold times."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if path.is_file() and not name.endswith("metrics.jsonl") and not name.startswith("logs/"):
            found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def address_space(pid):
    try:
        for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmPeak:"):
                return int(line.split()[1]) * 1024
    except (OSError, ProcessLookupError):
        pass
    return 0


def kill_after(process, seconds):
    """True where the process was killed before it ended by itself."""
    try:
        process.communicate(timeout=seconds)
        return False
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.communicate()
        return True
