"""Personal data: what is kept under seal, shown masked, looked at by whom, given to its owner, and destroyed when due."""
