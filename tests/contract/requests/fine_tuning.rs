use mistral_sdk::fine_tuning::{
    ClassifierTarget, ClassifierTrainingParameters, CompletionTrainingParameters,
    CreateFineTuningJobRequest, CreateGithubRepositoryRequest, FineTuneableModelType,
    FtClassifierLossFunction, TrainingFile, WandbIntegration,
};

use super::{BuiltRequest, full, part};

const FILE: &str = "6f1f7a0c-9e0b-4c6e-8a3e-0a4b4f0f9d11";

pub(super) fn rows() -> Vec<BuiltRequest> {
    let parameters = CompletionTrainingParameters::new()
        .training_steps(10)
        .learning_rate(0.001)
        .weight_decay(0.1)
        .warmup_fraction(0.05)
        .epochs(2.0)
        .seq_len(1024)
        .fim_ratio(0.9);
    let wandb = WandbIntegration::new("p", "0123456789012345678901234567890123456789")
        .name("n")
        .run_name("r");
    let repository = CreateGithubRepositoryRequest::new("n", "o", "t")
        .git_ref("main")
        .weight(0.5);
    let target = ClassifierTarget::new("mood", ["good", "bad"])
        .weight(1.0)
        .loss_function(FtClassifierLossFunction::SingleClass);
    let mut request = CreateFineTuningJobRequest::new("ministral-3b-latest", parameters)
        .training_files([TrainingFile::new(FILE).weight(1.0)])
        .validation_files([FILE])
        .suffix("mine")
        .integrations([wandb])
        .auto_start(false)
        .invalid_sample_skip_percentage(0.1)
        .job_type(FineTuneableModelType::Completion)
        .repositories([repository])
        .classifier_targets([target])
        .dry_run(true);
    // The call sends it in the query.
    assert_eq!(request.dry_run.take(), Some(true));
    let mut row = full("JobIn", &request);
    row.unset.retain(|field| field != "dry_run");
    let parameters = ClassifierTrainingParameters::new().training_steps(10);
    let classifier = CreateFineTuningJobRequest::new("ministral-3b-latest", parameters);
    vec![row, part("JobIn", &classifier)]
}
