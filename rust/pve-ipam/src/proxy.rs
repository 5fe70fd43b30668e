//! Which proxy a request goes through: the cluster's, or that of the environment (`LWP::UserAgent::env_proxy`).

/// The proxies there are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Proxies {
    /// `http_proxy` of datacenter.cfg, for everything.
    cluster: Option<String>,
    http: Option<String>,
    https: Option<String>,
    /// Domains that are reached directly.
    direct: Vec<String>,
}

impl Proxies {
    /// The cluster's proxy of `datacenter.cfg`, else those of the environment.
    pub(crate) fn new(datacenter: &[u8], environment: impl Fn(&str) -> Option<String>) -> Proxies {
        let cluster = cluster_proxy(datacenter);
        if cluster.is_some() {
            return Proxies { cluster, ..Proxies::default() };
        }
        let variable = |name: &str| {
            let value = environment(name).or_else(|| environment(&name.to_ascii_uppercase()));
            value.filter(|value| !value.is_empty())
        };
        let direct = variable("no_proxy").unwrap_or_default();
        let direct = direct.split(',').map(|domain| domain.trim().to_owned());
        Proxies {
            cluster: None,
            http: variable("http_proxy"),
            https: variable("https_proxy"),
            direct: direct.filter(|domain| !domain.is_empty()).collect(),
        }
    }

    /// The proxy for a scheme and host.
    pub(crate) fn of(&self, scheme: &str, host: &str) -> Option<&str> {
        if self.cluster.is_some() {
            return self.cluster.as_deref();
        }
        if self.direct.iter().any(|domain| host.ends_with(domain.as_str())) {
            return None;
        }
        if scheme == "https" { self.https.as_deref() } else { self.http.as_deref() }
    }
}

fn cluster_proxy(datacenter: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(datacenter);
    let values = text.lines().filter_map(|line| line.strip_prefix("http_proxy:"));
    values.map(|value| value.trim().to_owned()).rfind(|value| value.starts_with("http://"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_proxy_of_the_cluster_comes_first() {
        let environment = |name: &str| match name {
            "http_proxy" => Some("http://env:1".to_owned()),
            "HTTPS_PROXY" => Some("http://env:2".to_owned()),
            "no_proxy" => Some("localhost, .local".to_owned()),
            _ => None,
        };
        let cluster = Proxies::new(b"keyboard: de\nhttp_proxy: http://cluster:3\n", environment);
        assert_eq!(cluster.of("https", "host.local"), Some("http://cluster:3"));
        let others = Proxies::new(b"", environment);
        assert_eq!(others.of("http", "host"), Some("http://env:1"));
        assert_eq!(others.of("https", "host"), Some("http://env:2"));
        assert_eq!(others.of("https", "host.local"), None);
    }
}
