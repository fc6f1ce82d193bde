"""Ready dashboards: product sales, targets and attainment, and who looks after whom; each for any period."""
