namespace Webhooks.Sending;

/// <summary>Runs when everything that runs side by side has ended.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class AloneCollection
{
    public const string Name = "Alone";
}
