namespace Webhooks.Subscriptions.Shaping.Transforms;

/// <summary>An event that a transform cannot be applied to. The message says which part of the transform, and why.</summary>
public sealed class TransformException(string message) : Exception(message);
