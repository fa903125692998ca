// Package gocloud connects package delivery and gocloud.dev/pubsub, which opens Amazon
// SQS, Google Cloud Pub/Sub, Azure Service Bus, and more with drivers of their own modules.
//
// [Source] consumes a subscription with bounded parallelism, and [NewSink] sends to a
// topic. Import the package of the service beside it, such as
// gocloud.dev/pubsub/awssnssqs, so that its URLs can be opened.
//
// The interface of gocloud.dev is what all services have in common: messages that are
// acked one by one, without order, without a count of attempts, and without a way to ask
// for more time. What a service has besides is in the message of the service, which the As of a
// message returns, for functions that are passed to [KeyBy], [AttemptBy] and [Heartbeat].
package gocloud
