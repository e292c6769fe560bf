"""What README and CHANGELOG claim, measured again by one command each. Figures are ratios taken in one run."""
