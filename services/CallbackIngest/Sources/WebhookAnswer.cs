namespace Webhooks.CallbackIngest.Sources;

/// <summary>
/// What an authentic webhook is answered with: always 200, because a sender can mend nothing of it. What another try may
/// mend is a problem instead, 429 or 503.
/// </summary>
internal sealed record WebhookAnswer(string Status)
{
    /// <summary>Its command is on the bus.</summary>
    public static WebhookAnswer Accepted { get; } = new("accepted");

    /// <summary>Its command was on the bus before.</summary>
    public static WebhookAnswer Replayed { get; } = new("accepted") { IsReplay = true };

    /// <summary>It is no command, and told of.</summary>
    public static WebhookAnswer Received { get; } = new("received");

    public static WebhookAnswer ReceivedBefore { get; } = new("received") { IsReplay = true };

    /// <summary>Its key belongs to other content, which stays.</summary>
    public static WebhookAnswer Ignored { get; } = new("ignored");

    [System.Text.Json.Serialization.JsonIgnore]
    public bool IsReplay { get; private init; }
}
