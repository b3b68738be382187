using Webhooks.Api.Bodies;
using Webhooks.Api.Problems;

namespace Webhooks.CallbackIngest.Limits;

/// <summary>
/// Room for large bodies: until it is answered each costs several times its size, as its text, its command, what is written
/// to the database and what is sent to the broker. Small ones need none.
/// </summary>
internal sealed class BodyRoom(TimeProvider clock) : IDisposable
{
    /// <summary>Bodies above <see cref="RequestBody.Small"/> in hand at once.</summary>
    public const int Places = 16;

    // A healthy service is done with some of them by then; with the work that follows less than five seconds.
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(400);

    private readonly SemaphoreSlim _places = new(Places, Places);

    public static Problem Full { get; } = Problem.Unavailable("Too many large bodies are being processed. Send it again in a moment.");

    /// <summary>For one request, from before its body is read until it is answered.</summary>
    public BodyPlace PlaceFor(CancellationToken clientGone) => new(this, clock, clientGone);

    public Task<bool> TryEnterAsync(CancellationToken cancellationToken) => _places.WaitAsync(Patience, cancellationToken);

    public void Leave() => _places.Release();

    public void Dispose() => _places.Dispose();
}

/// <summary>The rooms: whoever floods the sources, which anybody may call, takes nothing from callers with a token.</summary>
internal sealed class BodyRooms(TimeProvider clock) : IDisposable
{
    public BodyRoom OfCallers { get; } = new(clock);

    public BodyRoom OfSources { get; } = new(clock);

    public void Dispose()
    {
        OfCallers.Dispose();
        OfSources.Dispose();
    }
}
