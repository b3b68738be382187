namespace Webhooks.Signatures;

/// <summary>The message that a scheme signs cannot be built from what was given; the message says which part is missing.</summary>
/// <param name="message">A sentence that names the placeholder.</param>
public sealed class SigningException(string message) : Exception(message);
