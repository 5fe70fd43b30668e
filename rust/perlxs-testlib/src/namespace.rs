//! A socket in another network namespace, opened as the product opens it.

use pve_netlink::netns::NetNs;
use pve_netlink::wait::in_thread;
use pve_netlink::wire::RouteSocket;

/// A namespace and a socket in it.
pub struct Namespace {
    path: String,
    open: (NetNs, RouteSocket),
}

impl Namespace {
    fn enter(path: &str) -> Result<(NetNs, RouteSocket), perlxs::Error> {
        let namespace = NetNs::open(path.as_ref()).map_err(failed)?;
        let socket = in_thread(&mut || Ok(()), |_| namespace.enter())
            .and_then(|socket| socket)
            .map_err(failed)?;
        Ok((namespace, socket))
    }
}

fn failed(error: pve_netlink::Error) -> perlxs::Error {
    perlxs::Error::die(format!("{error}\n"))
}

impl perlxs::Object for Namespace {
    fn after_fork(&mut self) {
        if let Ok(fresh) = Namespace::enter(&self.path) {
            self.open = fresh;
        }
    }
}

/// Namespaces.
#[perlxs::package(name = "PerlXS::Test::Namespace", object = super::Namespace)]
pub mod bindings {
    use perlxs::{Error, Handle, Ignored};

    use super::Namespace;

    /// Opens a socket in the namespace that `path` leads to.
    #[export]
    fn new(_class: Ignored, path: String) -> Result<Handle<Namespace>, Error> {
        let open = Namespace::enter(&path)?;
        Ok(Handle::new(Namespace { path, open }))
    }

    /// The path.
    #[export]
    fn path(this: &Namespace) -> String {
        this.open.0.path().display().to_string()
    }
}
