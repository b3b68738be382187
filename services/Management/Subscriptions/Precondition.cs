using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;
using Webhooks.Subscriptions;

namespace Webhooks.Management.Subscriptions;

/// <summary>
/// What If-Match asks of a subscription before it is changed. Its ETag: the revision, and the moment of the last change, which no
/// other change has. Not its configuration version: that moves with its lane, too, which nobody changes.
/// </summary>
internal readonly record struct Precondition
{
    private readonly StringValues _ifMatch;

    private Precondition(StringValues ifMatch) => _ifMatch = ifMatch;

    public static Precondition Of(HttpRequest request) => new(request.Headers.IfMatch);

    public static EntityTagHeaderValue TagOf(Subscription subscription) => new($"\"{subscription.Revision}-{subscription.UpdatedAt.UtcTicks}\"");

    /// <summary>Without the header, always; what cannot be read as a tag matches nothing.</summary>
    public bool Holds(Subscription subscription) =>
        _ifMatch.Count == 0
        || (EntityTagHeaderValue.TryParseList(_ifMatch, out var wanted)
            && wanted.Any(tag => tag.Equals(EntityTagHeaderValue.Any) || tag.Compare(TagOf(subscription), useStrongComparison: true)));
}

/// <summary>A subscription's answer with its ETag.</summary>
internal sealed class TaggedResult(Subscription subscription, IResult answer) : IResult
{
    public Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Response.Headers.ETag = Precondition.TagOf(subscription).ToString();
        return answer.ExecuteAsync(httpContext);
    }
}
