"""Who signs in, for which company, with which rights: identities, sessions, memberships, invitations, tokens."""
