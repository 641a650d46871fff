"""A line for each check, and the totals."""

import traceback

import compare


class Checks:
    def __init__(self):
        self.passed = 0
        self.failed = 0

    def run(self, title, check):
        """One check: it passes unless it raises; what it returns is added to its line. What is left out does not count."""
        try:
            note = check()
        except compare.LeftOut as reason:
            print(f"-       {title}: {reason}", flush=True)
        except Exception as error:
            self.failed += 1
            print(f"FAILED  {title}: {error}", flush=True)
            if not isinstance(error, compare.Difference):
                traceback.print_exc()
        else:
            self.passed += 1
            print(f"ok      {title}{'' if note is None else f': {note}'}", flush=True)
