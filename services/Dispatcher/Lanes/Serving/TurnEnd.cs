namespace Webhooks.Dispatcher.Lanes.Serving;

/// <summary>The closed set of how a turn of a lane's loop ends.</summary>
internal abstract record TurnEnd
{
    public static readonly TurnEnd AtOnce = new Wait(TimeSpan.Zero);

    private TurnEnd()
    {
    }

    /// <summary>There is nothing to do for so long, unless there is news.</summary>
    public sealed record Wait(TimeSpan AtMost) : TurnEnd;

    /// <summary>The lane is closed: its row is gone.</summary>
    public sealed record Closed : TurnEnd;

    /// <summary>The lane was found not to be this dispatcher's any more.</summary>
    public sealed record Lost : TurnEnd;
}
