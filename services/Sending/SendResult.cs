namespace Webhooks.Sending;

/// <summary>What one send came to. The receiver's failures are here too; none of them is an exception.</summary>
public sealed record SendResult
{
    public required AttemptOutcome Outcome { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>Until the response headers were complete, or until the failure.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>Null without an answer.</summary>
    public int? StatusCode { get; init; }

    /// <summary>A sentence for the subscription's owner; null after a success. Names no address and no secret.</summary>
    public string? Error { get; init; }

    /// <summary>How long a 429 or 503 asked us to wait, at most 24 hours.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>As received, the connection's own included; at most 16 Ki characters in all.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> ResponseHeaders { get; init; } = [];

    /// <summary>The first 16 KiB at most; null without an answer.</summary>
    public byte[]? ResponseBody { get; init; }
}
