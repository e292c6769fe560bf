"""Messages: mail and what stands in the site, written with the change that causes them and sent afterwards, once."""
