using Npgsql;

namespace Webhooks.Database;

/// <summary>A WHERE clause in the making; a null value adds nothing.</summary>
public sealed class Conditions(NpgsqlParameterCollection parameters)
{
    private readonly List<string> _conditions = [];

    /// <summary>The clause with its keyword; empty without conditions.</summary>
    public string Where => _conditions.Count == 0 ? "" : "WHERE " + string.Join(" AND ", _conditions);

    /// <summary>Adds <paramref name="left"/> and, in brackets, the places of the values.</summary>
    public void Add(string left, params ReadOnlySpan<object?> values)
    {
        var places = new List<string>();
        foreach (var value in values)
        {
            if (value is null)
            {
                return;
            }

            parameters.Add(new NpgsqlParameter { Value = value });
            places.Add($"${parameters.Count}");
        }

        _conditions.Add($"{left}({string.Join(", ", places)})");
    }

    /// <summary>Adds a condition that has no values of its own.</summary>
    public void Add(string condition) => _conditions.Add(condition);
}
