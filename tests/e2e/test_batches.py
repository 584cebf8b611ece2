"""How long proposals wait for company, and what they do not hold up."""

import unittest

from test_pull_requests import WAIT, Proposing, each
from real_parts import wait_until


class Batches(Proposing):
    @each("gitea")
    def test_a_batch_holds_up_neither_what_people_do_nor_other_targets(self):
        self.fleet(start=False)
        staging = {**self.settings["targets"][0], "name": "staging", "paths": ["clusters/staging"]}
        self.settings["targets"].append(staging)
        self.service.write_config(self.settings)
        self.service.start()
        first = self.push("1.1.0")
        self.work(first)
        wait_until(lambda: len(self.open()) == 2, WAIT, "both to be proposed")
        prod = next(p for p in self.open() if p.head == "linkspan/prod")
        for target in self.settings["targets"]:
            target["batch"] = "1h"
        self.service.write_config(self.settings)
        self.service.reload()
        waiting = self.push("1.2.0")
        # The work waits for an hour; a person's no is heard meanwhile.
        self.forge.close_as_human(prod.number)
        self.becomes(first, "held")
        self.assertFalse(self.service.trail(waiting, wait="0s")["settled"])
        self.assertEqual(self.image(at="linkspan/staging", path="clusters/staging/app.yaml"), "1.1.0")
        # Whoever has waited long enough takes the others along.
        self.settings["targets"][1]["batch"] = "0s"
        self.service.write_config(self.settings)
        self.service.reload()
        self.push("1.3.0")
        self.work(waiting)
        wait_until(lambda: self.image() == "1.3.0", WAIT, "the newest in prod")
        self.assertEqual(self.image(at="linkspan/staging", path="clusters/staging/app.yaml"), "1.3.0")


if __name__ == "__main__":
    unittest.main(verbosity=2)
