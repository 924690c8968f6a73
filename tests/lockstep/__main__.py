"""Sweep"""

from __future__ import annotations
import sys, time, argparse
from functools import lru_cache
from concurrent.futures import ProcessPoolExecutor
from tests.lockstep.metal import Beside, all_but, model
from tests.lockstep.scenes import SCENES
from sim_core.twin.play import Make


def exact(said):
    b = said.exchanges[0].at
    return [
        (
            round((e.at - b).total_seconds(), 2),
            e.action,
            repr(e.payload)[:400],
            e.slash,
            None if e.answered_at is None else round((e.answered_at - b).total_seconds(), 2),
        )
        for e in said.exchanges
    ]


@lru_cache(maxsize=100)
def usual(scene, seed):
    return exact(SCENES[scene]().played(Make(model()), seed))


def one(job):
    habit, scenes, seeds, each = job
    out = []
    n = 0
    for scene in scenes:
        for seed in seeds:
            t = time.perf_counter()
            script = SCENES[scene]()
            said = script.played(Make(model(), quirks=all_but(habit) if habit else "all"), seed)
            if habit and exact(said) == usual(scene, seed):
                continue
            beside = (
                Beside()
                .hears(said, looks_every=max(16, len(said.exchanges)), cuts=script.cuts)
                .waits(said, 60)
                .look()
            )
            diff = list(dict.fromkeys(beside.differences))
            if habit or diff or beside.ever:
                out.append(
                    (
                        scene,
                        seed,
                        diff,
                        [e for e in dict.fromkeys(beside.ever) if e not in diff],
                        len(beside.differences),
                        time.perf_counter() - t,
                    )
                )
            n += any(habit in d for d in diff)
        if habit and n >= each:
            break
    return habit, out


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--seeds", type=int, default=1)
    p.add_argument("--first", type=int, default=101)
    p.add_argument("--equal", action="store_true")
    p.add_argument("--only", default="")
    p.add_argument("--scene", default="")
    p.add_argument("--each", type=int, default=1)
    p.add_argument("--jobs", type=int, default=2)
    o = p.parse_args()
    scenes = [s for s in SCENES if o.scene in s]
    seeds = list(range(o.first, o.first + o.seeds))
    jobs = (
        [("", [s], seeds, o.each) for s in scenes]
        if o.equal
        else [
            (h, scenes, seeds, o.each)
            for h in model().quirks
            if any(x in h for x in o.only.split(","))
        ]
    )
    with ProcessPoolExecutor(o.jobs) as pool:
        for habit, out in pool.map(one, jobs):
            for scene, seed, diff, ever, n, took in out:
                print(f"{habit or 'equal'} | {scene} | {seed} | {n} frames, {took:.1f} s")
                for d in diff:
                    print("      ", d)
                for d in ever:
                    print("     ~ ", d)
            if habit and not any(habit in d for *_, diff, _, _, _ in out for d in diff):
                print(f"{habit} NOT NAMED", [s for s, *_ in out])
            sys.stdout.flush()


if __name__ == "__main__":
    main()
