//! Links, addresses, routes and namespaces of the host, through netlink alone.
