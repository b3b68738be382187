namespace Webhooks.Database.Migrations;

/// <summary>
/// Tells what works before the service has started (the broker's connections open at once) when the schema is there.
/// Asking earlier would be an error in PostgreSQL's log on every first start.
/// </summary>
public sealed class MigratedSchema
{
    private readonly TaskCompletionSource _there = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when the migrations of this build are applied.</summary>
    public Task WhenThereAsync() => _there.Task;

    internal void IsThere() => _there.TrySetResult();
}
