//! stub
#[derive(Debug)]
pub(crate) struct TuningJob {
    pub(crate) id: String,
}
