# SPDX-License-Identifier: Apache-2.0
"""Results that page_test.sh shows and no quick run gives, made from noisy.json and why.json in the working folder:

sweep/results.json, an experiment over alpha with its statistics; run1.json ... run50.json, fifty that differ; and files
with hostile names.
"""

import glob
import json
import pathlib
import random
import shutil

rng = random.Random(1)  # always the same page
noisy = json.load(open("noisy.json"))


def share(value):
    return min(1, max(0, value + rng.gauss(0, 0.05)))


def varied(results):
    results = json.loads(json.dumps(results))
    results["clean_accuracy"] = share(results["clean_accuracy"])
    for test in results["tests"]:
        if test.get("accuracy") is not None:
            test["accuracy"] = share(test["accuracy"])
            if "interval" in test:
                test["interval"] = [max(0, test["accuracy"] - 0.04), min(1, test["accuracy"] + 0.04)]
        for point in test.get("success_over_epsilon", []):
            if point["success_rate"] is not None:
                point["success_rate"] = share(point["success_rate"])
    results["config"]["seed"] = rng.randrange(10**6)
    return results


for i in range(1, 51):
    json.dump(varied(noisy), open(f"run{i}.json", "w"))

conditions, fronts, matched, selection, rows = [], [], [], [], []
figures = {"gaussian:0.1": ("gaussian", {"norm": None, "level": 0.1}), "pgd:linf:0.0157": ("pgd", {"norm": "linf", "epsilon": 4 / 255})}
for family, gain in (("shuffled", 0), ("neural", 0.15)):
    points = {figure: [] for figure in figures}
    for step, alpha in enumerate((5, 10, 20, 40)):
        name, clean = f"{family} alpha {alpha}", 0.9 - 0.02 * step
        tests = []
        for figure, (test, strength) in figures.items():
            accuracy = 0.3 + gain + 0.05 * step
            tests.append({"name": test, **strength, "accuracy": accuracy, "accuracy_se": 0.02})
            points[figure].append({"condition": name, "clean_accuracy": clean, "accuracy": accuracy, "standard_error": 0.02})
        conditions.append({"name": name, "family": family, "alpha": alpha, "seeds": 5, "clean_accuracy": clean,
                           "clean_accuracy_se": 0.01, "n": 100, "tests": tests})
    fronts += [{"figure": figure, "family": family, "points": points[figure]} for figure in figures]
    selection.append({"family": family, "condition": f"{family} alpha 20", "alpha": 20, "validation_accuracy": 0.86,
                      "validation_accuracy_noise": 0.4 + gain, "kept_share": 0.955})
for figure in figures:
    rows.append({"condition": "neural alpha 20", "against": "shuffled alpha 20", "figure": figure, "difference": 0.15,
                 "interval": [0.11, 0.19], "p_value": 0.0004, "p_holm": 0.0008})
    matched.append({"family": "neural", "against": "shuffled", "figure": figure, "clean_accuracy": 0.87, "accuracy": 0.525,
                    "accuracy_against": 0.375, "difference": 0.15, "interval": [0.1, 0.2]})
pathlib.Path("sweep").mkdir(exist_ok=True)
json.dump({"name": "alpha sweep", "experiment": {"seeds": 5}, "seeds": list(range(5)), "conditions": conditions,
           "comparisons": {"method": "paired differences over seeds, t intervals, Holm's correction", "seeds": 5,
                           "count": len(rows), "rows": rows},
           "fronts": fronts, "matched": matched, "selection": selection}, open("sweep/results.json", "w"))

evil = "<img src=x onerror='window.hacked=1'></script><script>window.hacked=1</script>{{page.js}}"
shutil.copy("noisy.json", '<img src=x onerror="window.hacked=1">.json')
why = json.load(open("why.json"))
why["conditions"][0]["name"] = why["references"][0]["name"] = evil
why["examples"]["classes"] = [evil] * 10
for entry in why["examples"]["noise"]["answers"] + why["examples"]["adversarial"]:
    entry["condition"] = evil
json.dump(why, open("evil.json", "w"))
for picture in glob.glob("why.json.*.png"):
    shutil.copy(picture, picture.replace("why", "evil"))
hostile = json.loads(json.dumps(json.load(open("sweep/results.json"))).replace("neural", evil.replace("'", "")))
pathlib.Path("evil").mkdir(exist_ok=True)
json.dump(hostile, open("evil/results.json", "w"))
model = json.load(open("mouse.safetensors.figures.json"))
model["recordings"][0]["name"] = model["recordings"][0]["neurons"][0]["rank"] = evil
json.dump(model, open("evil.safetensors.figures.json", "w"))
shutil.copy("mouse.safetensors.fields.png", "evil.safetensors.fields.png")
