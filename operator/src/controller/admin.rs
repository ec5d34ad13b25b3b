//! What the kubelet and Prometheus ask: `/livez`, `/readyz` and `/metrics`.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use prometheus_client::encoding::text;
use prometheus_client::registry::Registry;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::health::{Health, Readiness, Stale};

/// From the `OpenMetrics` specification, "Overall Structure". Prometheus chooses its parser by it.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// How long requests that are under way may take when the operator stops.
const LAST_ANSWERS: Duration = Duration::from_secs(2);

/// Why nobody can ask.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AdminError {
    /// The address cannot be listened at.
    #[error("--listen {address}: {source}; choose an address and port of this machine that are free")]
    Listen {
        /// Which.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The listener broke.
    #[error("answering at {address} failed: {source}")]
    Serve {
        /// Where.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
}

/// The answers, and where they come from.
#[derive(Debug, Clone)]
pub(crate) struct Answers {
    /// For `/livez`.
    pub(crate) health: Health,
    /// For `/readyz`.
    pub(crate) readiness: Readiness,
    /// For `/metrics`.
    pub(crate) metrics: Arc<Registry>,
}

/// A server that listens already, and answers from [`serve`](Admin::serve) on.
#[derive(Debug)]
pub(crate) struct Admin {
    listener: TcpListener,
    address: SocketAddr,
}

impl Admin {
    /// Listens at `address`.
    pub(crate) async fn bind(address: SocketAddr) -> Result<Self, AdminError> {
        let listen = async {
            let listener = TcpListener::bind(address).await?;
            Ok(Self { address: listener.local_addr()?, listener })
        };
        listen.await.map_err(|source| AdminError::Listen { address, source })
    }

    /// Where it listens, with the port that was chosen if port 0 was asked for.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers until it is cancelled, and what was asked before for a little longer.
    pub(crate) async fn serve(self, answers: Answers, cancel: CancellationToken) -> Result<(), AdminError> {
        let router = Router::new()
            .route("/livez", get(livez))
            .route("/readyz", get(readyz))
            .route("/metrics", get(metrics))
            .with_state(answers);
        let answering = axum::serve(self.listener, router)
            .with_graceful_shutdown(cancel.clone().cancelled_owned())
            .into_future();
        let stopping = async {
            cancel.cancelled().await;
            tokio::time::sleep(LAST_ANSWERS).await;
        };
        tokio::select! {
            ended = answering => ended.map_err(|source| AdminError::Serve { address: self.address, source }),
            () = stopping => Ok(()),
        }
    }
}

/// 200 while all loops come round; else 503 with those that do not.
async fn livez(State(answers): State<Answers>) -> Response {
    let stale: String = answers.health.stale().iter().map(stands_still).collect();
    if stale.is_empty() {
        return "alive\n".into_response();
    }
    (StatusCode::SERVICE_UNAVAILABLE, stale).into_response()
}

fn stands_still(Stale { name, silent, patience }: &Stale) -> String {
    format!("{name} has stood still for {} s; {} s are allowed\n", silent.as_secs(), patience.as_secs())
}

/// 200 when nothing is waited for any more, whether this replica leads or follows; else 503 with what is missing.
async fn readyz(State(answers): State<Answers>) -> Response {
    let missing = answers.readiness.missing();
    if missing.is_empty() {
        return "ready\n".into_response();
    }
    (StatusCode::SERVICE_UNAVAILABLE, format!("waits for {}\n", missing.join(", "))).into_response()
}

/// Everything that is counted, as it is now.
async fn metrics(State(answers): State<Answers>) -> Response {
    let mut body = String::new();
    match text::encode(&mut body, &answers.metrics) {
        Ok(()) => ([(CONTENT_TYPE, OPEN_METRICS)], body).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

#[cfg(test)]
mod tests;
