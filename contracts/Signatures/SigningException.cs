namespace Webhooks.Signatures;

/// <summary>The message that a scheme signs cannot be built from what was given; the message says which part is missing.</summary>
/// <param name="message">A sentence that names the placeholder.</param>
public sealed class SigningException(string message) : Exception(message)
{
    /// <summary>What has no value, as the template spells it, such as <c>{pointer:/event/id}</c>; null when it is not known.</summary>
    public string? Placeholder { get; init; }
}
