using Webhooks.Api.Access;
using Webhooks.Api.OpenApi;
using Webhooks.Api.Pages;
using Webhooks.Api.Problems;

namespace Webhooks.Management.Stats;

/// <summary>HTTP for <c>/v1/stats</c>.</summary>
internal static class StatsApi
{
    private const char List = 'm';

    private static readonly Counts Nothing = [];

    public static void MapStatsApi(this IEndpointRouteBuilder app) =>
        app.MapGet("/v1/stats", GetAsync).Requires(Scope.DeliveriesRead).DescribedBy(StatsDocs.Get);

    private static async Task<IResult> GetAsync(HttpRequest request, Caller caller, StatsStore stats, TimeProvider clock, CancellationToken cancellationToken)
    {
        var reader = new QueryReader(request.Query);
        var (query, limit, cursor) = (StatsQuery.Read(reader, caller, clock.GetUtcNow()), reader.Limit(), reader.Cursor(List));
        reader.ThrowIfFaulty();

        if (query.SubscriptionId is { } id
            && (await stats.FindTenantAsync(id, cancellationToken) is not { } tenantId || (query.TenantId ?? tenantId) != tenantId))
        {
            return Problem.NotFound("There is no such subscription.");
        }

        var spans = Spans.Of(query.Since, query.Until, await stats.HoursUntilAsync(cancellationToken));
        return TypedResults.Ok(new StatsResponse(query, await stats.TotalsAsync(query, spans, cancellationToken))
        {
            Series = query.Resolution is { } resolution ? await SeriesAsync(query, resolution, spans, stats, cancellationToken) : null,
            Subscriptions = await SubscriptionsAsync(query, cursor, limit, spans, stats, cancellationToken),
        });
    }

    private static async Task<IReadOnlyList<StatsPoint>> SeriesAsync(
        StatsQuery query, Resolution resolution, IReadOnlyList<Span> spans, StatsStore stats, CancellationToken cancellationToken)
    {
        IReadOnlyList<Span> read = resolution == Resolution.Minute ? [new Span(Hours: false, query.Since, query.Until)] : spans;
        var points = await stats.SeriesAsync(query, resolution, read, cancellationToken);
        return [.. resolution.PointsOf(query.Since, query.Until).Select(at => new StatsPoint(at, points.GetValueOrDefault(at) ?? Nothing))];
    }

    private static async Task<Page<SubscriptionStats>> SubscriptionsAsync(
        StatsQuery query, Cursor? cursor, int limit, IReadOnlyList<Span> spans, StatsStore stats, CancellationToken cancellationToken)
    {
        var ids = query.SubscriptionId is { } one ? [one] : await stats.SubscriptionsAsync(query.TenantId, cursor?.Id, limit + 1, cancellationToken);
        var page = ids.Take(limit).ToList();
        var counts = await stats.BySubscriptionAsync(page, spans, cancellationToken);
        return new Page<SubscriptionStats>(
            [.. page.Select(id => new SubscriptionStats(id, counts.GetValueOrDefault(id) ?? Nothing))],
            ids.Count > limit ? Cursor.Of(page[^1]).Write(List) : null);
    }
}
