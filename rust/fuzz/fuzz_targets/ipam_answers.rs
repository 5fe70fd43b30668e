//! Answers of servers for addresses and names, one after the other: a status, and bodies between zero bytes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pve_ipam::api::{Request, Response};
use pve_ipam::{Error, Guest, Held, Host, Names, Sdn};
use pve_sdn::Value;

const RUNNING: &[u8] = br#"{"subnets":{"ids":{
    "z-10.1.0.0-24":{"vnet":"v","gateway":"10.1.0.1","dnszoneprefix":"adm",
        "dhcp-range":["start-address=10.1.0.2,end-address=10.1.0.4"]},
    "z-fd00:1::-64":{"vnet":"v","gateway":"fd00:1::1"}}}}"#;

struct Free;

impl Held for Free {}

/// A cluster whose servers answer what they are told to, until they have nothing more to say.
struct Fake<'a> {
    ipam: &'static str,
    answers: Vec<&'a [u8]>,
    status: u16,
}

impl Host for Fake<'_> {
    fn read(&mut self, file: &str) -> Result<Option<Vec<u8>>, Error> {
        Ok(match file {
            "sdn/.running-config" => Some(RUNNING.to_vec()),
            "sdn/vnets.cfg" => Some(b"vnet: v\n\tzone z\n".to_vec()),
            "sdn/zones.cfg" => {
                let options = "dhcp dnsmasq\n\tdns d\n\treversedns d\n\tdnszone example.com";
                Some(format!("simple: z\n\tipam {}\n\t{options}\n", self.ipam).into_bytes())
            }
            "sdn/ipams.cfg" => Some(
                b"netbox: nb\n\turl http://x/api\n\ttoken t\n\n\
                phpipam: php\n\turl http://x/api\n\ttoken t\n\tsection 3\n"
                    .to_vec(),
            ),
            "sdn/dns.cfg" => Some(b"powerdns: d\n\turl http://x/api\n\tkey k\n".to_vec()),
            _ => None,
        })
    }
    fn write(&mut self, _: &str, _: &[u8]) -> Result<(), Error> {
        Ok(())
    }
    fn lock(&mut self, _: &str) -> Result<Box<dyn Held>, Error> {
        Ok(Box::new(Free))
    }
    fn send(&mut self, request: &Request) -> Result<Response, Error> {
        let text = format!("{}{:?}", request.url, request.body);
        assert!(!text.contains("token"), "{text}");
        let Some(body) = self.answers.pop() else { return Err(Error::Interrupted) };
        Ok(Response { status: self.status, reason: "OK".into(), body: body.to_vec() })
    }
    fn warn(&mut self, _: String) {}
    fn print(&mut self, _: &str) {}
    fn change_ethers(
        &mut self,
        _: &str,
        change: &mut dyn FnMut(&[u8]) -> Vec<u8>,
    ) -> Result<(), Error> {
        change(b"");
        Ok(())
    }
    fn systemctl(&mut self, _: &str, _: &str) -> Result<(), Error> {
        Ok(())
    }
    fn has_dnsmasq(&self) -> bool {
        true
    }
    fn write_node_file(&mut self, _: &str, _: &str) -> Result<(), Error> {
        Ok(())
    }
    fn make_dhcp_folder(&mut self, _: &str) {}
    fn remove_vnet_settings(&mut self, _: &str) {}
    fn complain(&mut self, _: &str) {}
    fn add_lease(&mut self, _: &str, _: &str, _: &str) -> Result<(), Error> {
        Ok(())
    }
}

fuzz_target!(|data: (u8, &[u8])| {
    let (choice, raw) = data;
    let mut host = Fake {
        ipam: if choice & 1 == 0 { "nb" } else { "php" },
        answers: raw.split(|byte| *byte == 0).collect(),
        status: if choice & 2 == 0 { 200 } else { 201 },
    };
    let mut sdn = Sdn::new(&mut host);
    let mac = Value::from("BC:24:11:00:00:01");
    let guest = Guest { hostname: "web".into(), mac: mac.clone(), vmid: 100.into() };
    let ip = if choice & 4 == 0 { "10.1.0.2" } else { "fd00:1::2" };
    let _ = match choice >> 3 & 7 {
        0 => sdn.add_ip("v", ip, &guest, Names::Keep),
        1 => sdn.update_ip("v", ip, &guest, &"db".into(), Names::Keep),
        2 => sdn.delete_ip("v", ip, &"web".into(), &mac, Names::Keep),
        3 => sdn.ips_from_mac("v", &mac).map(drop),
        4 => sdn.delete_ips_from_mac("v", &mac, &"web".into()).map(drop),
        5 => sdn.add_dhcp_mapping("v", &mac, &100.into(), &"web".into()),
        _ => sdn.add_next_free_cidr("v", &guest, Names::Keep, &Value::Null),
    };
});
