//! API groups and their operations.

/// Declares the operations of an API group, and the list of them all.
macro_rules! operations {
    ($($name:ident = $operation:expr;)+) => {
        $(static $name: $crate::provider::Operation = $operation;)+

        pub(crate) static OPERATIONS: &[&$crate::provider::Operation] = &[$(&$name),+];
    };
}

/// Expands to the documentation example of an operation. `$lines` are its visible lines; the test
/// suite runs it against the emulator.
///
/// Hidden lines declare `emulator`, `client`, and an asynchronous function in which `?` works.
/// Lines of `$lines` that begin with `# ` are hidden, too.
///
/// ```text
/// /// Lists the models that the key may use.
/// #[doc = example!(r#"
/// let models = client.models().list().await?;
/// # assert!(!models.data.is_empty());
/// "#)]
/// pub fn list(&self) -> Call<ModelList, M> {
/// ```
macro_rules! example {
    ($lines:literal) => {
        concat!(
            "\n```\n",
            "# #[tokio::main(flavor = \"current_thread\")]\n",
            "# async fn main() -> Result<(), Box<dyn std::error::Error>> {\n",
            "# let emulator = mistral_emulator::Emulator::start()?;\n",
            "# let client = mistral_sdk::Client::new(\n",
            "#     mistral_sdk::MistralApi::new(emulator.api_key())?.base_url(emulator.url())?,\n",
            "# )?;",
            $lines,
            "# Ok(()) }\n",
            "```\n",
        )
    };
}
