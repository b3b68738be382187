using Webhooks.TestKit;

namespace Webhooks.Dispatcher.Tests;

/// <summary>A receiver that holds every request until it is told to answer.</summary>
public sealed class HeldReceiver : IAsyncDisposable
{
    /// <summary>A subscription's longest: whoever is held must not time out on a busy machine.</summary>
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private HeldReceiver(TestReceiver requests) => Requests = requests;

    public TestReceiver Requests { get; }

    /// <param name="answer">Once released; 200 when not given.</param>
    public static async Task<HeldReceiver> StartAsync(Func<ReceivedRequest, Answer>? answer = null)
    {
        var receiver = new HeldReceiver(await TestReceiver.StartAsync());
        receiver.Requests.AnswerWith = request => (answer?.Invoke(request) ?? Answer.Ok) with { After = receiver._released.Task };
        return receiver;
    }

    /// <summary>Answers all that are held, and later ones at once.</summary>
    public void Release() => _released.TrySetResult();

    public ValueTask DisposeAsync() => Requests.DisposeAsync();
}
