//! Faucet zones (`FaucetPlugin::generate_sdn_config`). The reference's function takes other arguments than it is given,
//! so nothing comes of it but a number on standard output.

use pve_schema::{PerlNumber, Value};

use super::context::{Context, Vnet};

pub(super) fn generate(context: &mut Context<'_>, vnet: &Vnet<'_>) {
    let id = vnet.zone.get("dp-id").and_then(Value::as_scalar);
    let id = id.map_or(PerlNumber::Int(0), pve_schema::Scalar::to_number);
    let hex = match id.int() {
        PerlNumber::Int(value) => format!("{value:x}"),
        PerlNumber::UInt(value) => format!("{value:x}"),
        // Beyond integers, Perl shows the nearest one.
        PerlNumber::Num(value) if value < 0.0 => format!("{:x}", i64::MIN),
        PerlNumber::Num(_) => format!("{:x}", u64::MAX),
    };
    context.printed.push_str(&hex);
}
