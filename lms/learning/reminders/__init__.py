"""What learners are reminded of by themselves, digests for those who answer for them, and messages to those who are chosen."""
