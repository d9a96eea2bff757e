//! API groups and their operations.

/// Declares the handle of an API group: what `client.chat()` and its like give.
macro_rules! group {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Debug, Clone)]
        pub struct $name<M: $crate::mode::Mode = $crate::mode::Async> {
            pub(crate) engine: std::sync::Arc<$crate::pipeline::Engine>,
            pub(crate) mode: M,
        }

        impl<M: $crate::mode::Mode> $name<M> {
            pub(crate) fn new(
                engine: &std::sync::Arc<$crate::pipeline::Engine>,
                mode: &M,
            ) -> Self {
                Self {
                    engine: std::sync::Arc::clone(engine),
                    mode: mode.clone(),
                }
            }
        }
    };
}

/// Declares the operations of an API group, and the list of them all.
macro_rules! operations {
    ($($name:ident = $operation:expr;)+) => {
        $(static $name: $crate::provider::Operation = $operation;)+

        pub(crate) static OPERATIONS: &[&$crate::provider::Operation] = &[$(&$name),+];
    };
}

/// Makes one page of a list a [`Page`](crate::call::Page): its elements are in `$field`, the next
/// page is asked for as `$paging` says.
macro_rules! page {
    ($name:ident { $field:ident: [$item:ty], total, by $paging:ident }) => {
        impl $crate::call::Page for $name {
            type Item = $item;
            const PAGING: $crate::call::Paging = $crate::call::Paging::$paging;

            fn into_items(self) -> Vec<$item> {
                self.$field
            }

            fn len(&self) -> usize {
                self.$field.len()
            }

            fn total(&self) -> Option<u64> {
                self.total.and_then(|total| u64::try_from(total).ok())
            }
        }
    };
}

/// Makes the example of an operation: a block of code whose visible lines are `$lines`, and
/// which is run against the emulator.
///
/// What every example needs is there, and hidden: `emulator`, `client`, and an asynchronous
/// function in which `?` works. Lines that begin with `# ` are hidden, too.
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
