// says: enable the feature `schemars` of `mistral-sdk`

use mistral_sdk::tools::ToolSet;

#[derive(serde::Deserialize)]
pub struct ReadFile {
    pub path: String,
}

pub fn program() -> ToolSet {
    ToolSet::new().blocking_tool("read", |call: ReadFile| std::fs::read_to_string(call.path))
}
