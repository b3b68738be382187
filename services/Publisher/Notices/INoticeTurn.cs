namespace Webhooks.Publisher.Notices;

/// <summary>One of the two steps of a notice's way, done for some of those that are at it.</summary>
internal interface INoticeTurn
{
    /// <summary>True: there may be more.</summary>
    public Task<bool> RunAsync(CancellationToken stop);
}
