namespace Webhooks.TestKit;

/// <summary>What a test receiver answers.</summary>
/// <param name="Status">The status line's code.</param>
public sealed record Answer(int Status)
{
    public static readonly Answer Ok = new(200);

    /// <summary>Holds the request until the sender gives up or the receiver ends.</summary>
    public static readonly Answer Never = new(200) { Delay = Timeout.InfiniteTimeSpan };

    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    public string Body { get; init; } = "";

    /// <summary>Before the status line is sent.</summary>
    public TimeSpan Delay { get; init; }

    /// <summary>Holds the request until this completes.</summary>
    public Task After { get; init; } = Task.CompletedTask;

    public Answer With(string header, string value) =>
        this with { Headers = new Dictionary<string, string>(Headers) { [header] = value } };

    /// <summary>These statuses one after the other, over all requests of the receiver; the last one for ever.</summary>
    public static Func<ReceivedRequest, Answer> InOrder(params int[] statuses) =>
        request => new Answer(statuses[Math.Min(request.Number, statuses.Length) - 1]);
}
