//! A container's configuration as typed data, for programs that would rather not take property strings apart.
//!
//! | key | what |
//! |---|---|
//! | `networks` | a list of maps, one for each `netN`, with N as `id` |
//! | `mount_points`, `devices`, `unused` | likewise for `mpN`, `devN`, `unusedN` |
//! | `rootfs`, `features`, `startup` | a map |
//! | `nameserver`, `searchdomain`, `tags`, and `delete` among the pending changes | a list |
//! | `pending`, `snapshots` | a map of the same form; a map of such maps by name |
//! | `lxc` | a list of pairs |
//! | `other` | by key, the text of what is no valid setting |
//! | every other key | its value |
//!
//! In all of it booleans are 1 or 0, integers and numbers are numbers, sizes are bytes, and lists in property strings
//! (`trunks`, `mountoptions`, the `mount` of features) are lists.
//!
//! The text is either the reference's format, or the relaxed dialect: there an interface without `name=` is `eth<N>`, and
//! one without a bridge whose name is that of a VNet is an interface `eth<N>` of that VNet, which is then its `vnet`.

mod flat;
mod relaxed;
mod typed;

use pve_schema::{Environment, Error, Map, PerlStr, PerlString, Scalar};

use super::{Written, parse_pct_config};

/// What is taken for a configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect<'v> {
    /// The reference's format.
    Reference,
    /// The relaxed one.
    Relaxed {
        /// The names of all VNets.
        vnets: &'v [String],
    },
}

/// Reads a configuration of container `vmid` into typed data. The second result are the warnings, in order: those of
/// [`parse_pct_config`].
///
/// # Errors
///
/// None for any text: what is no valid setting is in `other`.
pub fn parse_container_config(
    vmid: u32,
    raw: &[u8],
    dialect: Dialect<'_>,
    environment: &Environment<'_>,
) -> (Result<Map<'static>, Error>, Vec<PerlString<'static>>) {
    let text = match dialect {
        Dialect::Reference => std::borrow::Cow::Borrowed(raw),
        Dialect::Relaxed { vnets } => relaxed::to_reference(raw, vnets),
    };
    let vnets = match dialect {
        Dialect::Reference => &[],
        Dialect::Relaxed { vnets } => vnets,
    };
    let filename = format!("/lxc/{vmid}.conf");
    let filename = PerlStr::Bytes(filename.as_bytes());
    let parsed = parse_pct_config(filename, &text, false, environment);
    let typed = parsed.config.map(|config| {
        let mut map = typed::section(config.current(), vnets);
        map.insert("vmid", Scalar::Int(vmid.into()));
        let digest = super::parse::digest(raw);
        map.insert("digest", PerlString::from(String::from_utf8_lossy(&digest).into_owned()));
        map.insert("pending", typed::section(config.pending(), vnets));
        let mut snapshots = Map::new();
        for (name, section) in config.snapshots() {
            snapshots.push(PerlString::Bytes(name.to_vec().into()), typed::section(section, vnets));
        }
        map.insert("snapshots", snapshots);
        map
    });
    (typed, parsed.warnings)
}

/// Writes typed data as [`parse_container_config`] gives it, in the reference's format. Booleans may be any of the words
/// for them; an interface with a `vnet` and no bridge is one of that VNet.
///
/// # Errors
///
/// What does not fit its schema, with the key of the setting before the key of the property; a list or a map where a
/// value is wanted, or the other way round.
pub fn generate_container_config(config: &Map<'_>) -> Result<PerlString<'static>, Error> {
    let Written { text, .. } = super::write_pct_config(&flat::configuration(config)?);
    text
}

#[cfg(test)]
mod tests {
    use pve_schema::Value;

    use super::*;

    fn int(value: i64) -> Value<'static> {
        Scalar::Int(value).into()
    }

    fn num(value: f64) -> Value<'static> {
        Scalar::Num(value).into()
    }

    const TEXT: &str = "#Note\narch: amd64\ncpulimit: 1.5\ndev0: /dev/ttyS0,uid=5\nfeatures: mount=nfs;cifs,nesting=1\n\
        hostname: a\nmemory: 512\nmp0: local:1/x.raw,mp=/srv,backup=1,mountoptions=noatime;nodev,size=4G\n\
        nameserver: 10.0.0.1 fd00::1\nnet0: name=eth0,bridge=vmbr0,firewall=1,hwaddr=BC:24:11:00:00:01,mtu=1400,rate=2.5,tag=7,trunks=1;2\n\
        onboot: 1\nrootfs: local:1/r.raw,size=8G\nstartup: order=1,up=5\ntags: a;b\nlxc.autodev: 1\n\n\
        [pve:pending]\ndelete: onboot,tags\nmemory: 1024\n\n[snap]\narch: amd64\nsnaptime: 17\n";

    fn parse(raw: &str, dialect: Dialect<'_>) -> Map<'static> {
        parse_container_config(100, raw.as_bytes(), dialect, &Environment::empty()).0.expect("read")
    }

    fn network(raw: &str, vnets: &[&str]) -> Map<'static> {
        let vnets: Vec<String> = vnets.iter().map(|name| (*name).to_owned()).collect();
        let config = parse(raw, Dialect::Relaxed { vnets: &vnets });
        let networks = config.get("networks").and_then(Value::as_list).expect("networks");
        networks[0].as_map().expect("a network").clone()
    }

    #[test]
    fn typed_data_is_written_back_as_it_was() {
        let config = parse(TEXT, Dialect::Reference);
        assert_eq!(generate_container_config(&config).expect("written").to_string(), TEXT);
    }

    #[test]
    fn values_have_their_types() {
        let config = parse(TEXT, Dialect::Reference);
        assert_eq!(config.get("cpulimit"), Some(&num(1.5)));
        assert_eq!(config.get("onboot"), Some(&int(1)));
        let networks = config.get("networks").and_then(Value::as_list).expect("networks");
        let net = networks[0].as_map().expect("a network");
        assert_eq!(net.get("id"), Some(&int(0)));
        assert_eq!(net.get("tag"), Some(&int(7)));
        assert_eq!(net.get("rate"), Some(&num(2.5)));
        assert_eq!(net.get("trunks"), Some(&Value::List(vec![int(1), int(2)])));
        let rootfs = config.get("rootfs").and_then(Value::as_map).expect("rootfs");
        assert_eq!(rootfs.get("size"), Some(&int(8 << 30)));
    }

    #[test]
    fn relaxed_interfaces_get_names_and_vnets() {
        let net = network("net3: bridge=vmbr0,firewall=TRUE\n", &[]);
        assert_eq!(net.get("name"), Some(&PerlString::from("eth3").into()));
        assert_eq!(net.get("firewall"), Some(&int(1)));
        let net = network("net1: name=blue,hwaddr=BC:24:11:00:00:01\n", &["red", "blue"]);
        assert_eq!(net.get("name"), Some(&PerlString::from("eth1").into()));
        assert_eq!(net.get("bridge"), Some(&PerlString::from("blue").into()));
        assert_eq!(net.get("vnet"), Some(&PerlString::from("blue").into()));
        let net = network("net1: name=blue,bridge=vmbr0\n", &["blue"]);
        assert_eq!(net.get("name"), Some(&PerlString::from("blue").into()));
        assert_eq!(net.get("vnet"), None);
    }

    #[test]
    fn the_digest_is_of_the_text_that_was_given() {
        let relaxed = parse("net0: bridge=vmbr0\n", Dialect::Relaxed { vnets: &[] });
        let reference = parse("net0: bridge=vmbr0\n", Dialect::Reference);
        assert_eq!(relaxed.get("digest"), reference.get("digest"));
    }

    #[test]
    fn what_is_no_setting_is_kept_as_text() {
        let config = parse("memory: lots\nfoo: bar\nnet0: bridge=vmbr0\n", Dialect::Reference);
        let other = config.get("other").and_then(Value::as_map).expect("other");
        for (key, text) in [("memory", "lots"), ("foo", "bar"), ("net0", "bridge=vmbr0")] {
            assert_eq!(other.get(key), Some(&PerlString::from(text).into()), "{key}");
        }
        let written = generate_container_config(&config).expect("written").to_string();
        assert_eq!(written, "foo: bar\nmemory: lots\nnet0: bridge=vmbr0\n");
    }

    #[test]
    fn booleans_may_be_words() {
        let mut config = Map::new();
        for (key, word) in [("onboot", "Yes"), ("template", "off"), ("protection", "true")] {
            config.insert(key, PerlString::from(word));
        }
        let written = generate_container_config(&config).expect("written").to_string();
        assert_eq!(written, "onboot: 1\nprotection: 1\ntemplate: 0\n");
    }

    #[test]
    fn an_error_names_the_setting() {
        let mut net = Map::new();
        net.insert("id", int(2));
        net.insert("name", PerlString::from("eth0"));
        net.insert("tag", int(5000));
        let mut config = Map::new();
        config.insert("networks", vec![Value::from(net)]);
        let error = generate_container_config(&config).expect_err("refused").to_string();
        assert_eq!(error, "format error\nnet2.tag: value must have a maximum value of 4094\n");
    }
}
