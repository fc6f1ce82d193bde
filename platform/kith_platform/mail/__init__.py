"""Mail that Kith itself writes: invitations, resets, confirmations. Campaigns are another noun."""
