"""A synthetic country: companies, people, runs, enrolments and their ledger, of any size, the same for the same seed.

Nothing in it is about anybody. What is like the real thing are the proportions that reports feel: a few large companies and
tens of thousands of small ones, half of the plants around Seoul, people who change company or leave a run, scores that are
mended, completions that are questioned, upheld and taken back, things that are recorded weeks after they happened,
companies that were entered twice, and Gwangju and Jeonnam becoming one in July 2026.

What isn't there: tries behind the scores (they are such as an instructor enters), submissions, grades, messages.
"""
