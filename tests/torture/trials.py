# SPDX-License-Identifier: Apache-2.0
"""What is done to stages. Each trial yields (tried, fault): "" where nothing was lost."""
import json
import os
import pathlib
import resource
import shutil
import subprocess
import sys
import time

from stages import kill_after, listing

KILLED = -9


def kills(bench, stage, draw):
    """SIGKILL at moments drawn over the stage's time, one to four times, then once undisturbed."""
    work, hits = bench.work(), 0
    for _ in range(draw.randint(1, 12 if stage.name == "run" else 4)):
        if kill_after(bench.start(work, stage.command), draw.uniform(0, 1.1 * stage.seconds)):
            hits += 1
        else:
            break
    fault = bench.complete(stage, work)
    return hits, fault, work


def calls(bench, stage, draw, faults, kind):
    """The process ends, or fails from there on, at one of its calls that change files."""
    work = bench.work()
    at = draw.randint(1, max(1, stage.calls))
    environment = bench.environment(LD_PRELOAD=faults, FAULT_AT=str(at), FAULT_KIND=kind,
                                    FAULT_UNDER=str(work / "out"))
    status, message = bench.finish(work, stage.command, environment)
    fault = ""
    if kind == "short" and status == 0:
        fault = bench.compare(stage, work)
    elif status not in ((0, KILLED) if kind == "kill" else (0, 1)):
        fault = f"call {at}: status {status}: {message[-300:]}"
    elif status == 1 and sum(line.startswith("error: ") for line in message.splitlines()) != 1:
        fault = f"call {at}: not one error: {message[-300:]}"
    return 1, fault or bench.complete(stage, work), work


def memory(bench, stage, draw):
    """Less address space than the stage takes: allocations fail somewhere."""
    work = bench.work()
    limit = int(draw.uniform(0.35, 1.0) * stage.address_space)
    bench.finish(work, stage.command,
                 preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)))
    return 1, bench.complete(stage, work), work


def clock(bench, stage, draw, faults):
    """The wall clock goes back at every look at it."""
    work = bench.work()
    status, message = bench.finish(work, stage.command, bench.environment(LD_PRELOAD=faults, FAULT_CLOCK="1"))
    return 1, f"status {status}: {message[-300:]}" if status != 0 else bench.compare(stage, work), work


def dataset(bench, stage, draw):
    """The images go away while a stage runs that reads them, and come back."""
    work = bench.work(own_inputs=True)
    images, away = work / "in/images.npy", work / "in/away.npy"
    process = bench.start(work, stage.command)
    time.sleep(draw.uniform(0, stage.seconds))
    images.rename(away)
    status, message = bench.wait(process)
    fault = ""
    if status == 0:
        fault = bench.compare(stage, work)
    elif status != 1 or "images.npy" not in message:
        fault = f"status {status}, not an error that names the file: {message[-300:]}"
    if not fault and status != 0:
        status, message = bench.finish(work, stage.command)
        if status != 1 or "images.npy" not in message:
            fault = f"without images: status {status}: {message[-300:]}"
    away.rename(images)
    return 1, fault or bench.complete(stage, work), work


def second(bench, stage, draw):
    """A second process in the same folder is refused with the pid of the first."""
    work = bench.work()
    first = bench.start(work, stage.command)
    fault, refused = "", False
    while not refused and not fault and first.poll() is None:
        time.sleep(0.3)
        message = bench.finish(work, stage.command)[1]
        refused = "another process works in the folder" in message
        if refused and f"process {first.pid}" not in message:
            fault = f"the first's pid is not named: {message[-300:]}"
    status, _ = bench.wait(first)
    if not refused and not fault:
        fault = "the second was never refused"
    elif not fault and status != 0:
        fault = f"the first failed: status {status}"
    return 1, fault or bench.complete(stage, work), work


def damage(bench, stage, draw):
    """One byte of one finished file changes: whoever reads it refuses it by name, or makes it again."""
    work = bench.work()
    status, message = bench.finish(work, stage.command)
    files = [name for name in stage.whole if not any(end in name for end in stage.unread)]
    if status != 0 or not files:
        return 0, f"status {status}: {message[-300:]}" if status != 0 else "", work
    name = draw.choice(files)
    path = work / "out" / name
    content = bytearray(path.read_bytes())
    at, change = draw.randrange(len(content)), draw.randint(1, 255)
    content[at] ^= change
    path.write_bytes(content)
    damaged = listing(work / "out")[name]
    for reader in stage.readers:
        status, message = bench.finish(work, reader)
        if status == 1 and pathlib.Path(name).name in message:
            return 1, "", work
    if listing(work / "out").get(name) != damaged:
        return 1, bench.compare(stage, work), work
    return 1, f"byte {at} of {name} xor {change}: nobody noticed: {message[-300:]}", work


def full_disk_inside(bench, names, seed, count):
    """In a mount namespace of its own: a file system too small for what a stage writes, then a larger one."""
    import random
    from stages import stages
    draw = random.Random(seed)
    chosen = [stage for stage in stages() if stage.name in names]
    for stage in chosen:
        bench.undisturbed(stage)
    for _ in range(count):
        stage = draw.choice(chosen)
        work = bench.work()
        out = work / "out"
        out.mkdir()
        probe = bench.work()
        bench.finish(probe, stage.command)
        needed = sum(path.stat().st_size + 4096 for path in (probe / "out").rglob("*"))
        shutil.rmtree(probe)
        size = int(draw.uniform(0.02, 1.2) * needed) // 4096 * 4096 + 4096
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "none", out], check=True)
        status, message = bench.finish(work, stage.command)
        fault = ""
        if status not in (0, 1):
            fault = f"{size} bytes: status {status}: {message[-300:]}"
        elif status == 1 and sum(line.startswith("error: ") for line in message.splitlines()) != 1:
            fault = f"{size} bytes: not one error: {message[-300:]}"
        subprocess.run(["mount", "-o", "remount,size=100m", "none", out], check=True)
        fault = fault or bench.complete(stage, work)
        subprocess.run(["umount", out], check=True)
        shutil.rmtree(work)
        print(json.dumps([stage.name, status, fault]), flush=True)


def full_disk(bench, names, seed, count, script):
    """Yields (stage, fault) of each; nothing, with the reason, where no such file system may be mounted."""
    inside = ["unshare", "--user", "--map-root-user", "--mount"]
    if subprocess.run([*inside, "true"], capture_output=True).returncode != 0:
        return None
    process = subprocess.Popen([*inside, sys.executable, script, "--inside", json.dumps(
        {"murine": bench.murine, "folder": str(bench.folder), "names": names, "seed": seed, "count": count})],
        stdout=subprocess.PIPE, text=True, env=os.environ)
    results = [json.loads(line) for line in process.stdout]
    if process.wait() != 0:
        results.append(["disk", -1, "the trial itself failed"])
    return results
