using System.Collections.Frozen;
using Webhooks.Api.Problems;
using Webhooks.Contracts;
using Webhooks.Database.Settings;
using Webhooks.Sources;
using Webhooks.Sources.Storage;
using Webhooks.Sources.Verification;

namespace Webhooks.CallbackIngest.Sources;

/// <summary>A source with what verifies its webhooks.</summary>
internal sealed record KnownSource(Source Source, SourceVerifier Verifier)
{
    public string Id { get; } = PrefixedId.Format(PrefixedId.Source, Source.Id);
}

/// <summary>The sources in memory: a stranger's webhook is refused without any work of the database.</summary>
internal sealed partial class SourceCache(SourceStore store, SettingsStore settings, ILogger<SourceCache> logger) : IDisposable
{
    private readonly SemaphoreSlim _reloading = new(1, 1);
    private Known? _known;

    /// <summary>Null: there is no such source.</summary>
    /// <exception cref="RefusedException">503: the sources were never read yet, or this one's secret does not open.</exception>
    public KnownSource? Find(string id)
    {
        var known = Volatile.Read(ref _known) ?? throw new RefusedException(Problem.Unavailable("The sources are not read yet. Try again."));
        if (!PrefixedId.TryParse(PrefixedId.Source, id, out var sourceId))
        {
            return null;
        }

        return known.Unusable.Contains(sourceId)
            ? throw new RefusedException(Problem.Unavailable("This source cannot be used at the moment; the operator finds the reason in the log."))
            : known.Sources.GetValueOrDefault(sourceId);
    }

    /// <summary>Reads the sources again when the configuration has changed; cheap when it has not.</summary>
    public async Task ReloadAsync(CancellationToken cancellationToken)
    {
        await _reloading.WaitAsync(cancellationToken);
        try
        {
            // The version first: what changes while the sources are read is read again the next time.
            var version = (await settings.ReadAsync(cancellationToken)).ConfigVersion;
            if (_known?.Version != version)
            {
                Volatile.Write(ref _known, await LoadAsync(version, cancellationToken));
            }
        }
        finally
        {
            _reloading.Release();
        }
    }

    public void Dispose() => _reloading.Dispose();

    private async Task<Known> LoadAsync(long version, CancellationToken cancellationToken)
    {
        var unusable = new HashSet<Guid>();
        var usable = new Dictionary<Guid, KnownSource>();
        foreach (var source in await store.LoadAsync(Refuse, cancellationToken))
        {
            try
            {
                usable[source.Id] = new KnownSource(source, new SourceVerifier(source.Settings, source.Secrets));
            }
            catch (ArgumentException fault)
            {
                // Stored by another version, which knew other schemes.
                Refuse(source.Id, fault.Message);
            }
        }

        return new Known(version, usable.ToFrozenDictionary(), unusable);

        void Refuse(Guid id, string reason)
        {
            unusable.Add(id);
            Log.Unusable(logger, PrefixedId.Format(PrefixedId.Source, id), reason);
        }
    }

    private sealed record Known(long Version, FrozenDictionary<Guid, KnownSource> Sources, IReadOnlySet<Guid> Unusable);

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "The source {SourceId} cannot be used, its webhooks are answered 503: {Reason}")]
        public static partial void Unusable(ILogger logger, string sourceId, string reason);
    }
}
