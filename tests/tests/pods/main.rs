//! SparkJobs in real pods on real nodes, by `helm install` and `kubectl apply`, in an image that knows nothing of us.

#[cfg(test)]
mod endings;
#[cfg(test)]
mod installation;
#[cfg(test)]
mod interactive;
#[cfg(test)]
mod jobs;
#[cfg(test)]
mod mesos;
#[cfg(test)]
mod operator;
#[cfg(test)]
mod starting;
