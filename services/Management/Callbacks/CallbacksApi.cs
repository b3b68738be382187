using Webhooks.Api.Access;
using Webhooks.Api.OpenApi;
using Webhooks.Api.Pages;
using Webhooks.Api.Problems;
using Webhooks.Contracts;

namespace Webhooks.Management.Callbacks;

/// <summary>HTTP for <c>/v1/callbacks</c>.</summary>
internal static class CallbacksApi
{
    private const char List = 'c';

    public static void MapCallbacksApi(this IEndpointRouteBuilder app)
    {
        app.MapGet("/v1/callbacks", ListAsync).Requires(Scope.CallbacksRead).DescribedBy(CallbackDocs.List);
        app.MapGet("/v1/callbacks/{id}", GetAsync).Requires(Scope.CallbacksRead).DescribedBy(CallbackDocs.Get);
    }

    private static async Task<IResult> ListAsync(HttpRequest request, Caller caller, CallbackStore callbacks, CancellationToken cancellationToken)
    {
        var query = new QueryReader(request.Query);
        var (filter, limit, cursor) = (CallbackFilter.Read(query, caller), query.Limit(), query.Cursor(List));
        query.ThrowIfFaulty();

        var (page, next) = await callbacks.ListAsync(filter, cursor?.Id, limit, cancellationToken);
        return TypedResults.Ok(new Page<CallbackResponse>(
            [.. page.Select(CallbackResponse.Of)], next is { } id ? Cursor.Of(id).Write(List) : null));
    }

    private static async Task<IResult> GetAsync(string id, Caller caller, CallbackStore callbacks, CallbackLinks links, CancellationToken cancellationToken)
    {
        if (!PrefixedId.TryParse(PrefixedId.Callback, id, out var callbackId)
            || await callbacks.FindAsync(callbackId, caller.TenantId, cancellationToken) is not { } callback)
        {
            return Problem.NotFound("There is no such callback, or its time is over.");
        }

        return TypedResults.Ok(CallbackDetailResponse.Of(callback, await links.FindAsync(callback, cancellationToken)));
    }
}
