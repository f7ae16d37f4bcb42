//! Numbers for whoever runs this, in Prometheus' words, on an address of their own.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result};
use axum::Router;
use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::Response;
use axum::routing::get;
use metrics::{counter, histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tokio::net::TcpListener;
use tokio::time::Instant;

use crate::stop::Stop;

const REQUESTS: &str = "hedgerow_requests_total";
const SECONDS: &str = "hedgerow_request_seconds";
const BUCKETS: [f64; 11] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0];
/// What has gathered is folded together so often, asked for or not.
const UPKEEP: Duration = Duration::from_secs(5);

/// Counts an answer under its route, never under what a visitor typed.
pub async fn counted(request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>();
    let route = route.map_or_else(|| "none".to_owned(), |route| route.as_str().to_owned());
    let method = request.method().as_str().to_owned();
    let begun = Instant::now();
    let answer = next.run(request).await;
    let status = answer.status().as_u16().to_string();
    counter!(REQUESTS, "method" => method, "route" => route.clone(), "status" => status)
        .increment(1);
    histogram!(SECONDS, "route" => route).record(begun.elapsed().as_secs_f64());
    answer
}

/// The address with the numbers.
pub struct Metrics {
    listener: TcpListener,
    handle: PrometheusHandle,
}

impl Metrics {
    /// Begins to count, once in a process.
    pub async fn bind(address: SocketAddr) -> Result<Metrics> {
        let listener = TcpListener::bind(address)
            .await
            .with_context(|| format!("cannot listen on {address} for metrics"))?;
        let buckets = Matcher::Full(SECONDS.to_owned());
        let handle = PrometheusBuilder::new()
            .set_buckets_for_metric(buckets, &BUCKETS)?
            .install_recorder()
            .context("metrics are counted already")?;
        metrics::describe_counter!(REQUESTS, "Answers by route and status");
        metrics::describe_histogram!(SECONDS, "How long an answer took until its first byte");
        Ok(Metrics { listener, handle })
    }

    pub fn address(&self) -> Result<SocketAddr> {
        Ok(self.listener.local_addr()?)
    }

    pub async fn run(self, stop: Stop) -> Result<()> {
        let Metrics { listener, handle } = self;
        let upkeep = handle.clone();
        let kept = tokio::spawn(async move {
            let mut ticks = tokio::time::interval(UPKEEP);
            loop {
                ticks.tick().await;
                upkeep.run_upkeep();
            }
        });
        let router = Router::new().route("/metrics", get(async move || handle.render()));
        let ended = axum::serve(listener, router)
            .with_graceful_shutdown(async move { stop.asked().await })
            .await;
        kept.abort();
        ended.context("the metrics ended by themselves")
    }
}
