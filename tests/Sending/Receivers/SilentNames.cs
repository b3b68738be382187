using System.Net;

namespace Webhooks.Sending.Receivers;

/// <summary>Stands for the system's resolver: one name has an address, all others keep whoever asks until the test is over.</summary>
internal sealed class SilentNames : IDisposable
{
    public const string Answered = "answered.example";

    private readonly TaskCompletionSource<IPAddress[]> _over = new();
    private int _silent;

    /// <summary>How many threads wait for an answer.</summary>
    public int Silent => Volatile.Read(ref _silent);

    public IPAddress[] Resolve(string host)
    {
        if (host == Answered)
        {
            return [IPAddress.Loopback];
        }

        Interlocked.Increment(ref _silent);
        return _over.Task.GetAwaiter().GetResult();
    }

    public void Dispose() => _over.TrySetResult([IPAddress.None]);
}
