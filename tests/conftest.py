"""What pytest says at its end: which test caught which mutant, from whatever process it ran in."""


def pytest_terminal_summary(terminalreporter):
    reports = terminalreporter.stats.get("passed", [])
    caught = [value for report in reports for key, value in report.user_properties if key == "mutant"]
    if caught:
        terminalreporter.section(f"{len(caught)} mutants and the test that caught each")
        terminalreporter.write_line("\n".join(sorted(caught)))
