// says: enable the feature `schemars` of `mistral-sdk`

use mistral_sdk::tools::ToolSet;

#[derive(serde::Deserialize)]
pub struct Add {
    pub a: i64,
    pub b: i64,
}

pub fn program() -> ToolSet {
    ToolSet::new().tool("add", async |call: Add| call.a.checked_add(call.b).ok_or("too large"))
}
