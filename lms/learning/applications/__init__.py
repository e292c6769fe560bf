"""Ways into a run and out of it: applications, the waiting list, links, longer periods, transfers."""
