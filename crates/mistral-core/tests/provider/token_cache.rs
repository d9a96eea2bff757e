//! The token cache: concurrent callers share a fetch, tokens are refreshed before they expire, and
//! a source that fails is not called again at once.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::Poll;
use std::time::Duration;

use async_trait::async_trait;
use futures::FutureExt;
use futures::future::join_all;
use mistral_core::provider::{Token, TokenCache, TokenSource};
use mistral_core::{Error, ErrorKind, Result};

/// Returns numbered tokens, each after a second. The calls whose numbers are in `fails` fail.
#[derive(Debug, Default)]
struct NumberedTokens {
    fetches: AtomicUsize,
    life: Option<Duration>,
    fails: Vec<usize>,
}

#[async_trait]
impl TokenSource for NumberedTokens {
    async fn token(&self) -> Result<Token> {
        let number = self.fetches.fetch_add(1, Ordering::SeqCst) + 1;
        tokio::time::sleep(Duration::from_secs(1)).await;
        if self.fails.contains(&number) {
            return Err(Error::credentials("the vault is sealed"));
        }
        let token = Token::new(format!("t{number}"));
        Ok(match self.life {
            Some(life) => token.expires_in(life),
            None => token,
        })
    }
}

fn cache(source: NumberedTokens) -> (Arc<NumberedTokens>, TokenCache) {
    let source = Arc::new(source);
    let cache = TokenCache::shared(Arc::clone(&source) as Arc<dyn TokenSource>);
    (source, cache)
}

async fn token(cache: &TokenCache) -> String {
    let header = cache.bearer(None).await.unwrap();
    assert!(header.is_sensitive());
    header.to_str().unwrap().to_owned()
}

#[tokio::test(start_paused = true)]
async fn token_fetch_is_shared_by_concurrent_calls() {
    let (source, cache) = cache(NumberedTokens::default());
    let tokens = join_all((0..200).map(|_| token(&cache))).await;
    assert!(tokens.iter().all(|token| token == "Bearer t1"));
    assert_eq!(source.fetches.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn token_rejected_is_refreshed_once_for_all_callers() {
    let (source, cache) = cache(NumberedTokens::default());
    let refused = cache.bearer(None).await.unwrap();
    let renewed = join_all((0..200).map(|_| cache.bearer(Some(&refused)))).await;
    assert!(
        renewed
            .iter()
            .all(|token| token.as_ref().unwrap() == "Bearer t2")
    );
    assert_eq!(source.fetches.load(Ordering::SeqCst), 2);
    assert_eq!(token(&cache).await, "Bearer t2");
}

#[tokio::test(start_paused = true)]
async fn token_is_refreshed_before_it_expires() {
    for (life, renewed_after) in [(3600, 3300), (100, 80)] {
        let (source, cache) = cache(NumberedTokens {
            life: Some(Duration::from_secs(life)),
            ..NumberedTokens::default()
        });
        assert_eq!(token(&cache).await, "Bearer t1");
        tokio::time::advance(Duration::from_secs(renewed_after - 1)).await;
        assert_eq!(token(&cache).await, "Bearer t1");
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(token(&cache).await, "Bearer t2");
        assert_eq!(source.fetches.load(Ordering::SeqCst), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn token_refresh_not_polled_does_not_block_while_token_is_valid() {
    let second = Duration::from_secs(1);
    let (source, cache) = cache(NumberedTokens {
        life: Some(second * 100),
        ..NumberedTokens::default()
    });
    assert_eq!(token(&cache).await, "Bearer t1");
    tokio::time::advance(second * 90).await;
    let mut renewing = pin!(cache.bearer(None));
    assert!(renewing.as_mut().now_or_never().is_none()); // and is not polled again
    let other = tokio::time::timeout(second * 5, token(&cache)).await;
    assert_eq!(other.unwrap(), "Bearer t1");
    assert_eq!(renewing.await.unwrap(), "Bearer t2");
    assert_eq!(source.fetches.load(Ordering::SeqCst), 2);
}

/// Returns the first token at once, and the next after a time.
#[derive(Debug)]
struct StallingTokens {
    fetches: AtomicUsize,
    stall: Duration,
}

impl StallingTokens {
    fn cache(stall: Duration) -> (Arc<Self>, TokenCache) {
        let fetches = AtomicUsize::new(0);
        let source = Arc::new(Self { fetches, stall });
        let cache = TokenCache::shared(Arc::clone(&source) as Arc<dyn TokenSource>);
        (source, cache)
    }
}

#[async_trait]
impl TokenSource for StallingTokens {
    async fn token(&self) -> Result<Token> {
        let number = self.fetches.fetch_add(1, Ordering::SeqCst) + 1;
        if number == 2 {
            tokio::time::sleep(self.stall).await;
        }
        Ok(Token::new(format!("t{number}")).expires_in(Duration::from_secs(100)))
    }
}

#[tokio::test(start_paused = true)]
async fn token_refresh_that_stalls_goes_on_in_the_background() {
    let second = Duration::from_secs(1);
    let (source, cache) = StallingTokens::cache(second * 5);
    assert_eq!(token(&cache).await, "Bearer t1");
    tokio::time::advance(second * 90).await;
    let started = tokio::time::Instant::now();
    let given_up = tokio::time::timeout(second / 2, cache.bearer(None)).await;
    assert!(given_up.is_err());
    assert_eq!(token(&cache).await, "Bearer t1");
    assert_eq!(started.elapsed(), second / 2);
    tokio::time::sleep(second * 5).await;
    assert_eq!(token(&cache).await, "Bearer t2");
    assert_eq!(source.fetches.load(Ordering::SeqCst), 2);

    let (source, cache) = StallingTokens::cache(second * 5);
    assert_eq!(token(&cache).await, "Bearer t1");
    tokio::time::advance(second * 90).await;
    let started = tokio::time::Instant::now();
    assert_eq!(token(&cache).await, "Bearer t1");
    assert_eq!(started.elapsed(), second);
    for _ in 0..3 {
        assert_eq!(token(&cache).await, "Bearer t1"); // at once
    }
    assert_eq!(started.elapsed(), second);
    tokio::time::sleep(second * 5).await;
    assert_eq!(token(&cache).await, "Bearer t2");
    assert_eq!(source.fetches.load(Ordering::SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn token_refresh_that_stalls_for_ever_is_abandoned() {
    let second = Duration::from_secs(1);
    let (source, cache) = StallingTokens::cache(second * 100_000);
    assert_eq!(token(&cache).await, "Bearer t1");
    tokio::time::advance(second * 90).await;
    assert_eq!(token(&cache).await, "Bearer t1");
    tokio::time::sleep(second * 70).await;
    assert_eq!(token(&cache).await, "Bearer t3");
    assert_eq!(source.fetches.load(Ordering::SeqCst), 3);
}

#[tokio::test(start_paused = true)]
async fn token_replacement_rejected_too_is_not_replaced_at_the_rate_of_calls() {
    let (source, cache) = cache(NumberedTokens::default());
    let mut sent = cache.bearer(None).await.unwrap();
    sent = cache.bearer(Some(&sent)).await.unwrap();
    assert_eq!(sent, "Bearer t2");
    for _ in 0..50 {
        sent = cache.bearer(None).await.unwrap();
        assert_eq!(cache.bearer(Some(&sent)).await.unwrap(), "Bearer t2");
    }
    assert_eq!(source.fetches.load(Ordering::SeqCst), 2);
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(cache.bearer(Some(&sent)).await.unwrap(), "Bearer t3");
}

#[tokio::test(start_paused = true)]
async fn token_fetch_not_polled_does_not_block_other_calls() {
    let (source, cache) = cache(NumberedTokens::default());
    let mut not_polled = pin!(cache.bearer(None));
    assert!(not_polled.as_mut().now_or_never().is_none()); // and is not polled again
    let others = join_all((0..20).map(|_| token(&cache)));
    let others = tokio::time::timeout(Duration::from_secs(5), others).await;
    assert!(others.unwrap().iter().all(|token| token == "Bearer t1"));
    assert_eq!(not_polled.await.unwrap(), "Bearer t1");
    assert_eq!(source.fetches.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn token_fetch_completed_elsewhere_wakes_waiters() {
    /// Becomes ready without waking any task.
    #[derive(Debug, Default)]
    struct WakesNoTask(Arc<AtomicBool>);

    #[async_trait]
    impl TokenSource for WakesNoTask {
        async fn token(&self) -> Result<Token> {
            std::future::poll_fn(|_| match self.0.load(Ordering::SeqCst) {
                true => Poll::Ready(Ok(Token::new("t1".to_owned()))),
                false => Poll::Pending,
            })
            .await
        }
    }

    let is_ready = Arc::new(AtomicBool::new(false));
    let cache = Arc::new(TokenCache::new(WakesNoTask(Arc::clone(&is_ready))));
    let mut first = pin!(cache.bearer(None));
    assert!(first.as_mut().now_or_never().is_none());
    let waits = Arc::clone(&cache);
    let second = tokio::spawn(async move { token(&waits).await });
    tokio::task::yield_now().await; // it waits now
    is_ready.store(true, Ordering::SeqCst);
    assert!(first.as_mut().now_or_never().is_some());
    let second = tokio::time::timeout(Duration::from_secs(5), second).await;
    assert_eq!(second.unwrap().unwrap(), "Bearer t1");
}

#[tokio::test(start_paused = true)]
async fn token_source_that_panics_is_called_again_for_waiters() {
    #[derive(Debug, Default)]
    struct PanicsOnce(AtomicUsize);

    #[async_trait]
    impl TokenSource for PanicsOnce {
        async fn token(&self) -> Result<Token> {
            tokio::time::sleep(Duration::from_secs(1)).await;
            assert!(
                self.0.fetch_add(1, Ordering::SeqCst) > 0,
                "the source panics"
            );
            Ok(Token::new("t2".to_owned()))
        }
    }

    let cache = Arc::new(TokenCache::new(PanicsOnce::default()));
    let calls = [(); 3].map(|()| {
        let cache = Arc::clone(&cache);
        tokio::spawn(async move { token(&cache).await })
    });
    let tokens = tokio::time::timeout(Duration::from_secs(9), join_all(calls)).await;
    let tokens: Vec<_> = tokens
        .unwrap()
        .into_iter()
        .filter_map(|it| it.ok())
        .collect();
    assert_eq!(tokens, ["Bearer t2", "Bearer t2"]);
}

#[tokio::test(start_paused = true)]
async fn token_source_failure_is_shared_and_backed_off() {
    let (source, cache) = cache(NumberedTokens {
        fails: vec![1, 2],
        ..NumberedTokens::default()
    });
    let failures = join_all((0..200).map(|_| cache.bearer(None))).await;
    for failure in failures {
        let error = failure.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Credentials);
        assert!(
            format!("{error:#}").contains("the vault is sealed"),
            "{error:#}"
        );
    }
    assert_eq!(source.fetches.load(Ordering::SeqCst), 1);
    tokio::time::advance(Duration::from_secs(1)).await;
    assert!(cache.bearer(None).await.is_err());
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(token(&cache).await, "Bearer t3");
}

#[tokio::test(start_paused = true)]
async fn token_still_valid_survives_failed_refresh() {
    let (_, cache) = cache(NumberedTokens {
        life: Some(Duration::from_secs(100)),
        fails: vec![2],
        ..NumberedTokens::default()
    });
    let kept = cache.bearer(None).await.unwrap();
    tokio::time::advance(Duration::from_secs(90)).await;
    assert_eq!(token(&cache).await, "Bearer t1");
    let error = cache.bearer(Some(&kept)).await.unwrap_err(); // rejected, and not fetched again
    assert_eq!(error.kind(), ErrorKind::Credentials);
    tokio::time::advance(Duration::from_secs(10)).await;
    assert_eq!(token(&cache).await, "Bearer t3");
}

#[tokio::test(start_paused = true)]
async fn token_fetch_survives_a_dropped_caller() {
    let (source, cache) = cache(NumberedTokens::default());
    let given_up = tokio::time::timeout(Duration::from_millis(500), cache.bearer(None));
    let (first, second) = tokio::join!(given_up, cache.bearer(None));
    assert!(first.is_err());
    assert_eq!(second.unwrap(), "Bearer t1"); // the fetch continues for the remaining caller
    assert_eq!(source.fetches.load(Ordering::SeqCst), 1);
    assert_eq!(token(&cache).await, "Bearer t1");

    let refused = cache.bearer(None).await.unwrap();
    let dropped = tokio::time::timeout(Duration::from_millis(500), cache.bearer(Some(&refused)));
    assert!(dropped.await.is_err());
    assert_eq!(cache.bearer(Some(&refused)).await.unwrap(), "Bearer t3"); // the second fetch is cancelled
}

#[tokio::test(start_paused = true)]
async fn token_that_is_no_header_value_is_refused_redacted() {
    #[derive(Debug)]
    struct Broken;

    #[async_trait]
    impl TokenSource for Broken {
        async fn token(&self) -> Result<Token> {
            Ok(Token::new("s3cret\nx".to_owned()))
        }
    }

    let error = TokenCache::new(Broken).bearer(None).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Credentials);
    assert!(
        !format!("{error:#} {error:?}").contains("s3cret"),
        "{error:?}"
    );
}
