"""Keys that sign our letters (DKIM): made, published in DNS, active, retired."""
