//! Lets a model call plain functions, without async, and asks for approval before each call.

use std::error::Error;
use std::io;

use mistral_sdk::blocking::Client;
use mistral_sdk::chat::ChatCompletionRequest;
use mistral_sdk::tools::{Approval, RunEvent, ToolSet};
use schemars::JsonSchema;
use serde::Deserialize;

/// Lists the files of the current directory.
#[derive(Deserialize, JsonSchema)]
struct ListFiles {}

fn list_files(_: ListFiles) -> io::Result<Vec<String>> {
    std::fs::read_dir(".")?
        .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
        .collect()
}

fn main() -> Result<(), Box<dyn Error>> {
    let client = Client::from_env()?;

    let tools = ToolSet::new().blocking_tool("list_files", list_files);
    let question = "Call list_files: what kind of project is this?";
    let request = ChatCompletionRequest::new("mistral-small-latest", question);
    let run = client
        .chat()
        .run(&request, &tools)
        .blocking_on_call(|call| {
            eprint!("May {} be called? [y/n] ", call.function.name);
            let mut input = String::new();
            match io::stdin().read_line(&mut input) {
                Ok(_) if input.trim() == "y" => Approval::Approve,
                _ => Approval::refuse("the user does not want it"),
            }
        });
    for event in run.stream() {
        match event? {
            RunEvent::Chunk(chunk) => print!("{}", chunk.text()),
            RunEvent::ToolResult(result) => println!("[{}]", result.content.text()),
            _ => {}
        }
    }
    println!();
    Ok(())
}
