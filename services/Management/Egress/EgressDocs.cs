using Webhooks.Api.OpenApi;

namespace Webhooks.Management.Egress;

/// <summary>How /v1/egress is described.</summary>
internal static class EgressDocs
{
    private static readonly Tag Tag = new("Egress", "Where deliveries come from.");

    public static Operation Get() => new(
        Tag, "getEgress", "Read where deliveries come from", "Tells the addresses that deliveries are sent from, so that a receiver can let them through. They are what the operator configured.")
    {
        Answers =
        [
            Answer.Ok<EgressResponse>("The ranges.", Schema.Answer(
                "Addresses that deliveries come from.",
                ("ranges", Schema.List("CIDR ranges; empty: the operator does not say.", Schema.Text("A range.", "203.0.113.0/28"))))),
        ],
        // Of parameters, of which there are none.
        OtherProblems = [ProblemKind.ValidationFailed],
    };
}
