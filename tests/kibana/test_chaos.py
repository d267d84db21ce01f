"""Weeks of a team at random: edits in the repo and in Kibana, applies that end anywhere. Whatever happens, no rule is
doubled, what a person did in Kibana stays unless somebody says otherwise, and one more apply brings all to its end."""

import random

import pytest

EQL = {"type": "eql", "language": "eql", "query": "any where true"}
STEPS = ("write", "write", "remove", "toggle", "edit", "apply", "apply", "kill", "drop", "fault", "prune")


class Team:
    def __init__(self, seed, run, project, stand_in):
        self.random = random.Random(seed)
        self.run, self.project, self.stand_in = run, project, stand_in
        self.repo = {"a", "b", "c"}
        self.enabled = {}
        self.edited = {}
        self.log = []

    def write(self):
        """A rule of the repo is new, has another note, or has become one of another type."""
        name, note = self.random.choice("abcde"), f"note {len(self.log)}"
        self.project.write(name, note=note, **(EQL if self.random.random() < 0.4 else {}))
        self.repo.add(name)

    def remove(self):
        if len(self.repo) > 1:
            name = self.random.choice(sorted(self.repo))
            self.project.remove(name)
            self.repo.remove(name)

    def toggle(self):
        if name := self.live():
            self.enabled[name] = self.random.random() < 0.6
            self.stand_in.edit(name, enabled=self.enabled[name])

    def edit(self):
        if name := self.live():
            self.edited[name] = f"setup {len(self.log)}"
            self.stand_in.edit(name, by="alice", setup=self.edited[name])

    def live(self):
        names = [rule["rule_id"] for rule in self.stand_in.space().rules.values()]
        return self.random.choice(names) if names else None

    def apply(self, *options):
        assert self.run("apply", "--yes", *options).code in (0, 1)
        self.stand_in.revive()

    def kill(self):
        self.stand_in.kill_after(self.random.randrange(1, 14))
        self.apply()

    def drop(self):
        self.stand_in.drop("", times=self.random.choice((1, 3, 10**9)), skip=self.random.randrange(14))
        self.apply()

    def fault(self):
        status, times = self.random.choice((413, 500, 502, 503)), self.random.choice((1, 2, 5))
        worked = self.random.random() < 0.5
        self.stand_in.fail("POST", status, times=times, skip=self.random.randrange(2), worked=worked)
        self.apply()

    def prune(self):
        self.apply("--prune", "delete")
        for name in {*self.enabled, *self.edited} - self.repo:
            if self.stand_in.rule(name) is None:
                self.enabled.pop(name, None)
                self.edited.pop(name, None)

    def check(self):
        """A rule may be missing for as long as it takes to replace it."""
        rules = {rule["rule_id"]: rule for rule in self.stand_in.space().rules.values()}
        assert len(rules) == len(self.stand_in.space().rules), self.log
        for name, rule in rules.items():
            assert rule["enabled"] == self.enabled.get(name, False), (self.log, name)
            assert rule["setup"] == self.edited.get(name, ""), (self.log, name)


@pytest.mark.parametrize("seed", range(40))
def test_a_team(run, project, stand_in, seed):
    team = Team(seed, run, project, stand_in)
    for _ in range(14):
        step = team.random.choice(STEPS)
        team.log.append(step)
        getattr(team, step)()
        team.check()
    assert run("apply", "--yes", "--overwrite-drift", "--prune", "delete").code == 0, team.log
    assert run("plan", "--detailed-exitcode").code == 0, team.log
    team.edited.clear()
    team.check()
    assert {rule["rule_id"] for rule in stand_in.space().rules.values()} == team.repo, team.log
